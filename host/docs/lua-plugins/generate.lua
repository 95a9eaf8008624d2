-- virgo lua generate.lua [--check | --level N]: what is generated from
-- lua-plugins/annotations/virgo.lua, the one place where the API of Lua plugins is written
-- down: the reference in lua-plugins/README.md; and from the shipped plugins: their tables
-- in lua-plugins/checks.md. With --check nothing is written: what differs is named, also
-- from the released levels in tests/lua/api, and the exit code is 1. --level N writes the
-- file of a level that is not released yet.
local fs = require('fs')
local childprocess = require('childprocess')

local root = module.dir .. '/../../..'
local plugins = root .. '/lua-plugins'
local check, level = args[2] == '--check', args[2] == '--level' and args[3]

local problems = {}
local function complain(...) problems[#problems + 1] = table.concat({ ... }) end

local function put(path, text)
  if fs.readFileSync(path) == text then return end
  if check then return complain(path:match('[^/]+/[^/]+$'), ': not up to date: run ./dev docs') end
  assert(fs.writeFileSync(path, text))
end

-- ---- reading the annotations

-- Sections in order, each a list of functions, classes and tables:
-- { kind, name, parameters, comment = lines, params, returns, fields, parent }
local function parse(text)
  local sections, section = {}, nil
  local comment, locals = {}, {}
  local function add(entry)
    entry.text, entry.params, entry.returns, entry.fields = {}, {}, {}, {}
    for _, line in ipairs(comment) do
      local tag, rest = line:match('^@(%a+)%s*(.*)$')
      if tag == 'param' then table.insert(entry.params, rest)
      elseif tag == 'return' then table.insert(entry.returns, rest)
      elseif tag == 'field' then table.insert(entry.fields, rest)
      elseif tag == 'class' then entry.class = rest
      elseif not tag then table.insert(entry.text, line) end
    end
    comment = {}
    if section then table.insert(section, entry) end
    return entry
  end
  for line in (text .. '\n'):gmatch('([^\n]*)\n') do
    local words = line:match('^%-%-%-%s?(.*)$')
    local title = line:match('^%-%- %-%-%-%- (.*)$')
    local owner, separator, name, parameters = line:match('^function ([%w_.]+)([.:])([%w_]+)%((.-)%) end$')
    if title then
      section = { title = title }
      sections[#sections + 1] = section
    elseif words and not line:find('^%-%-%-@meta') then
      comment[#comment + 1] = words
    elseif owner then
      add { kind = separator == ':' and 'method' or 'function', parameters = parameters,
        name = (locals[owner] or owner) .. separator .. name }
    elseif #comment > 0 then
      local variable = line:match('^local ([%w_]+) = {}$')
      local field = line:match('^(virgo[%w_.]+) = nil$')
      local entry = add { kind = field and 'field' or 'class', name = field }
      if entry.class then entry.name = entry.class:match('^[%w_.]+') end
      if variable then locals[variable] = entry.name end
      if not section and entry.name == 'virgo' then
        entry.global = true
        sections.first = entry
      end
    end
  end
  return sections
end

local function arity(parameters)
  local count = 0
  for _ in parameters:gmatch('[^,%s]+') do count = count + 1 end
  return count
end

-- ---- levels

-- "name kind [arity]", sorted. What the author of a check writes is a callback.
local function names_of(sections)
  local lines = {}
  local function fields(entry, name)
    for _, field in ipairs(entry.fields) do
      lines[#lines + 1] = ('%s.%s field'):format(name, field:match('^[%w_]+'))
    end
  end
  fields(sections.first, 'virgo')
  for _, section in ipairs(sections) do
    for _, entry in ipairs(section) do
      if entry.kind == 'class' then
        fields(entry, entry.name)
      elseif entry.kind == 'field' then
        lines[#lines + 1] = entry.name .. ' field'
      else
        local kind = entry.name:find('^virgo%.Check:') and 'callback' or entry.kind
        lines[#lines + 1] = ('%s %s %d'):format(entry.name, kind, arity(entry.parameters))
      end
    end
  end
  table.sort(lines)
  return lines
end

local function hold_levels(lines)
  local present, released, count = {}, {}, 0
  for _, line in ipairs(lines) do present[line] = true end
  while true do
    local text = fs.readFileSync(('%s/tests/lua/api/level-%d.txt'):format(root, count + 1))
    if not text then break end
    count = count + 1
    for line in text:gmatch('[^\n]+') do
      if not line:find('^#') then
        released[line] = true
        if not present[line] then
          complain('tests/lua/api/level-', tostring(count), '.txt: ', line, ': not as it was, or gone')
        end
      end
    end
  end
  for _, line in ipairs(lines) do
    if not released[line] then complain('lua-plugins/annotations/virgo.lua: ', line, ': in no level of tests/lua/api') end
  end
end

-- ---- the reference

local function cell(text) return (text:gsub('|', '\\|')) end

-- "name type text" -> name, type, text; a type ends at the first blank outside of brackets and quotes.
local function split(field)
  local name, rest = field:match('^([%w_.]+%??)%s+(.*)$')
  local depth, quoted = 0, false
  for at = 1, #rest do
    local c = rest:sub(at, at)
    if c == '"' then quoted = not quoted
    elseif not quoted and c:find('[(<{]') then depth = depth + 1
    elseif not quoted and c:find('[)>}]') then depth = depth - 1
    elseif not quoted and depth == 0 and c == ' ' and not rest:sub(1, at - 1):find('[:,]$') then
      return name, rest:sub(1, at - 1), rest:sub(at + 1)
    end
  end
  return name, rest, ''
end

-- Markdown eats what looks like marks, but not in code.
local function plain_type(text)
  local optional = text:find('|nil$') and true or false
  text = text:gsub('|nil$', ''):gsub('virgo%.(%u)', '%1')
  return text, optional
end

local function shown_name(name)
  return (name:gsub('^virgo%.Run:', 'run:'):gsub('^virgo%.Socket:', 'sock:'):gsub('^virgo%.UdpSocket:', 'udp:')
    :gsub('^virgo%.Check:', 'check:'))
end

local function signature(entry)
  local names = {}
  for _, param in ipairs(entry.params) do
    local name, kind = split(param)
    local _, optional = plain_type(kind)
    names[#names + 1] = { name = name:gsub('%?$', ''), optional = optional or name:find('%?$') }
  end
  local text, open = '', 0
  for index, param in ipairs(names) do
    if param.optional then
      text = text .. (index > 1 and ' [, ' or '[') .. param.name
      open = open + 1
    else
      text = text .. (index > 1 and ', ' or '') .. param.name
    end
  end
  return ('%s(%s%s)'):format(shown_name(entry.name), text, (']'):rep(open))
end

local function results(entry)
  local out = {}
  for _, line in ipairs(entry.returns) do
    local kind, rest = line:match('^(%S+)%s*(.*)$')
    if line:find('^virgo%.Failure|nil') then
      return #out > 0 and table.concat(out, ', ') .. '; or nil and an error' or 'nil and an error'
    end
    kind = plain_type(kind)
    local name = rest:match('^%S+')
    out[#out + 1] = name and ('%s (%s)'):format(name, kind) or kind
  end
  return table.concat(out, ', ')
end

local function reference(sections)
  local out = {}
  local function line(text) out[#out + 1] = text end
  for _, section in ipairs(sections) do
    line('### ' .. section.title)
    for _, entry in ipairs(section) do
      if entry.kind == 'field' then
        line('')
        line(('`%s`: a value.'):format(entry.name))
      elseif entry.kind ~= 'class' then
        line('')
        line(('**`%s`**'):format(signature(entry)))
        local text = table.concat(entry.text, ' ')
        local gives = results(entry)
        if gives ~= '' then text = text .. (text ~= '' and ' ' or '') .. 'Returns ' .. gives .. '.' end
        if text ~= '' then line('') line(text) end
        local described = {}
        for _, param in ipairs(entry.params) do
          local name, kind, help = split(param)
          if help ~= '' then described[#described + 1] = ('`%s` (%s): %s'):format(name, plain_type(kind), help) end
        end
        if #described > 0 then line('') line('- ' .. table.concat(described, '\n- ')) end
      elseif #entry.fields > 0 or #entry.text > 0 then
        line('')
        line(('**%s.** %s'):format(entry.name:gsub('^virgo%.', ''), table.concat(entry.text, ' ')):gsub('%s+$', '') .. '')
        if #entry.fields > 0 then
          line('')
          line('| field | type | |')
          line('|---|---|---|')
          for _, field in ipairs(entry.fields) do
            local name, kind, help = split(field)
            line(('| `%s` | `%s` | %s |'):format(name, cell((plain_type(kind))), cell(help)))
          end
        end
      end
    end
    line('')
  end
  return table.concat(out, '\n')
end

local function fill(path, mark, text)
  local page = assert(fs.readFileSync(path))
  local from, to = page:find('<!-- ' .. mark .. ' -->', 1, true)
  if not from then return complain(path, ': has no line <!-- ', mark, ' -->') end
  local stop = page:find('<!-- end -->', to, true)
  put(path, page:sub(1, to) .. '\n\n' .. text:gsub('%s+$', '') .. '\n\n' .. page:sub(stop))
end

-- ---- the shipped checks

-- Metrics by name: a file may declare them in the order of pairs().
local function in_order(markdown)
  local out, rows = {}, nil
  for line in markdown:gmatch('([^\n]*)\n') do
    if rows and not line:find('^|') then
      table.sort(rows)
      for _, row in ipairs(rows) do out[#out + 1] = row end
      rows = nil
    end
    if rows and line:find('^| `') then rows[#rows + 1] = line else out[#out + 1] = line end
    if line:find('^| Metric |') then rows = {} end
  end
  table.sort(rows or {})
  for _, row in ipairs(rows or {}) do out[#out + 1] = row end
  return table.concat(out, '\n') .. '\n'
end

local function shipped()
  local names = {}
  for _, name in ipairs(assert(fs.readdirSync(plugins))) do
    if name:find('%.lua$') and not name:find('_test%.lua$') then names[#names + 1] = name end
  end
  table.sort(names)
  local index, pages = { '| file | type | |', '|---|---|---|' }, {}
  local program = process.argv[0]:gsub('%-lua$', '')
  for _, name in ipairs(names) do
    local function info(how)
      local text, err = childprocess.execFile(program, { 'plugin', 'info', how, plugins .. '/' .. name })
      if not text then complain('lua-plugins/', name, ': ', tostring(err)) end
      return text or ''
    end
    local described = require('json').decode(info('--json'))
    pages[#pages + 1] = ('## %s\n'):format(name)
    for _, type in ipairs(described and described.types or {}) do
      index[#index + 1] = ('| [%s](checks.md#%s) | `%s` | %s |'):format(name, (name:gsub('%.', '')), type.name, cell(type.summary))
      if #described.types == 1 then
        pages[#pages + 1] = ('`%s`: %s.'):format(type.name, (type.summary:gsub('%.$', '')))
      end
      pages[#pages + 1] = ('Needs%s: %s.\n'):format(#described.types > 1 and ' of `' .. type.name .. '`' or '',
        #type.needs > 0 and '`' .. table.concat(type.needs, '`, `') .. '`' or 'nothing of the host')
    end
    pages[#pages + 1] = in_order(info('--markdown'))
  end
  return table.concat(index, '\n'), table.concat(pages, '\n')
end

local sections = parse(assert(fs.readFileSync(plugins .. '/annotations/virgo.lua')))
local lines = names_of(sections)
if level then
  assert(fs.writeFileSync(('%s/tests/lua/api/level-%s.txt'):format(root, level),
    '# Level ' .. level .. ' of the API of Lua plugins: name, kind, and how many arguments.\n'
    .. table.concat(lines, '\n') .. '\n'))
end
hold_levels(lines)
fill(plugins .. '/README.md', 'reference', reference(sections))
local index, pages = shipped()
fill(plugins .. '/README.md', 'checks', index)
fill(plugins .. '/checks.md', 'checks', pages)

for _, problem in ipairs(problems) do io.stderr:write(problem, '\n') end
if #problems > 0 and check then process:exit(1) end
print(#lines .. ' names')
