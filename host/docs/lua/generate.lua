-- virgo lua generate.lua [--check] [RUNTIME]: writes what is generated from the `---`
-- comments of host/runtime: the reference of each page beside this file, and the
-- annotation files that LuaLS reads. With --check nothing is written; what differs, and
-- what has no comment, is named, and the exit code is 1.
local uv = require('uv')

local here = module.dir
local runtime = here .. '/../../runtime'
local check = args[2] == '--check'

-- Where the parts of a module are, besides M.lua and M/*.lua.
local PARTS = { fs = 'internal/fs_', childprocess = 'internal/child_' }
-- Not for programs.
local PRIVATE = { main = true }
-- Exported for the runtime itself.
local PRIVATE_NAMES = {
  core = { checkResume = true },
  path = { split = true, separators = true },
  process = { finish = true, uncaught = true },
  require = { builtin = true, main = true, setPrivate = true },
}
-- Names of modules that are no names in Lua are changed: http-header -> http_header.
local function identifier(name) return (name:gsub('[^%w_]', '_')) end

local problems = {}
local function complain(...) problems[#problems + 1] = table.concat({ ... }) end

local function read(path)
  local file = io.open(path, 'rb')
  if not file then return nil end
  local text = file:read('*a')
  file:close()
  return text
end

local function entries(folder)
  local names, request = {}, uv.fs_scandir(folder)
  while request do
    local name, kind = uv.fs_scandir_next(request)
    if not name then break end
    names[#names + 1] = { name = name, kind = kind }
  end
  table.sort(names, function(a, b) return a.name < b.name end)
  return names
end

-- ---- reading the sources

-- A file's comment blocks, each with the declaration below it: { comment = lines, code = text }.
local function blocks(text)
  local found, comment = {}, {}
  local lines = {}
  for line in (text .. '\n'):gmatch('([^\n]*)\n') do lines[#lines + 1] = line end
  local first = true
  for index, line in ipairs(lines) do
    local words = line:match('^%-%-%-(.*)$')
    if words and not words:find('^%-') then
      comment[#comment + 1] = words:gsub('^ ', '')
    else
      if #comment > 0 or line:find('^function ') or line:find('^[%a_][%w_]*%.[%a_]') then
        local code = line
        for more = index + 1, math.min(index + 6, #lines) do
          if not code:find('%(') or code:find('%)') then break end
          code = code .. ' ' .. lines[more]:gsub('^%s+', '')
        end
        found[#found + 1] = { comment = comment, code = code, opens_file = first and #comment > 0 and line == '' }
      end
      if #comment > 0 or line ~= '' then first = false end
      comment = {}
    end
  end
  return found
end

local function class_of(comment)
  for _, line in ipairs(comment) do
    local name, parents = line:match('^@class%s+([%w_.]+)%s*:?%s*([%w_., ]*)')
    if name then return name, parents:match('^[%w_.]+') end
  end
end

-- What one module consists of: its text, functions, fields and classes, by the sources.
local function parse(name, files)
  local parsed = { name = name, intro = {}, functions = {}, fields = {}, classes = {}, class_list = {} }
  local by_function, elsewhere = {}, {}
  for _, file in ipairs(files) do
    local classes_here = {} -- by the variable
    local own = read(runtime .. '/' .. file)
    local returned = own:match('\nreturn ([%a_][%w_]*)%s*\n?$') or own:match('\nreturn setmetatable%(([%a_][%w_]*),[^\n]*%)\n?$')
    for _, block in ipairs(blocks(own)) do
      local class, parent = class_of(block.comment)
      local variable = block.code:match('^local ([%a_][%w_]*)%s*=') or block.code:match('^([%a_][%w_.]*)%s*=')
      if block.opens_file and file == name .. '.lua' then
        parsed.intro = block.comment
      elseif class then
        local made = { name = class, parent = parent, comment = block.comment, methods = {}, file = file,
          variable = variable and variable:match('[%w_]+$') }
        parsed.classes[class] = made
        parsed.class_list[#parsed.class_list + 1] = made
        if variable then classes_here[variable] = made end
      else
        local owner, separator, fn, parameters = block.code:match('^function ([%a_][%w_.]*)([.:])([%a_][%w_]*)%s*%(([^)]*)%)')
        local assigned = false
        if not owner then
          owner, fn, parameters = block.code:match('^([%a_][%w_]*)%.([%a_][%w_]*)%s*=%s*function%s*%(([^)]*)%)')
          separator = '.'
        end
        if not owner and #block.comment > 0 then
          owner, fn = block.code:match('^([%a_][%w_]*)%.([%a_][%w_]*)%s*=')
          separator, assigned = '.', owner ~= nil
        end
        if not owner and #block.comment > 0 then
          fn, parameters = block.code:match('^local function ([%a_][%w_]*)%s*%(([^)]*)%)')
          separator, owner = '.', fn and ''
        end
        if owner and not fn:find('^_') and #block.comment > 0 then
          local class_here = classes_here[owner]
          local entry = { name = fn, separator = separator, parameters = parameters, comment = block.comment,
            assigned = assigned }
          if class_here then
            class_here.methods[#class_here.methods + 1] = entry
          elseif not by_function[fn] and (owner == returned or (file == name .. '.lua' and owner ~= '') or owner == 'exports') then
            by_function[fn] = entry
            entry.of_module = true
            parsed.functions[#parsed.functions + 1] = entry
          elseif not by_function[fn] then
            elsewhere[#elsewhere + 1] = { owner = owner, entry = entry }
          end
        end
      end
    end
  end
  -- Methods of a class that another file of the module declares.
  for _, method in ipairs(elsewhere) do
    local entry, of_class = method.entry, false
    for _, class in ipairs(parsed.class_list) do
      if class.name:match('[%w_]+$') == method.owner then
        class.methods[#class.methods + 1] = entry
        of_class = true
      end
    end
    -- What is left may be a function that the module takes from that file.
    if not of_class and not by_function[entry.name] then
      by_function[entry.name] = entry
      parsed.functions[#parsed.functions + 1] = entry
    end
  end
  parsed.by_function = by_function
  return parsed
end

local function sources(name)
  local files = { name .. '.lua' }
  for _, entry in ipairs(entries(runtime .. '/' .. name)) do
    if entry.name:find('%.lua$') then files[#files + 1] = name .. '/' .. entry.name end
  end
  local prefix = PARTS[name]
  for _, entry in ipairs(prefix and entries(runtime .. '/internal') or {}) do
    local path = 'internal/' .. entry.name
    if path:sub(1, #prefix) == prefix then files[#files + 1] = path end
  end
  return files
end

-- ---- comments as pieces

-- { text = lines, params, returns, fields, events, see, overloads }
local function pieces(comment)
  local result = { text = {}, params = {}, returns = {}, fields = {}, events = {}, see = {}, overloads = {} }
  for _, line in ipairs(comment) do
    local tag, rest = line:match('^@(%a+)%s*(.*)$')
    local into = tag and result[({ param = 'params', ['return'] = 'returns', field = 'fields', see = 'see',
      overload = 'overloads' })[tag]]
    if into then
      into[#into + 1] = rest
    elseif tag == 'class' then
      local about = rest:match('^[%w_.]+%s*:%s*[%w_.]+%s+(.+)$') or (not rest:find(':') and rest:match('^[%w_.]+%s+(.+)$'))
      if about then result.text[#result.text + 1] = about end
    elseif not tag then
      local event = line:match('^event (.+)$')
      if event then
        result.events[#result.events + 1] = event
      elseif #result.events > 0 and line ~= '' then
        result.events[#result.events] = result.events[#result.events] .. ' ' .. line
      else
        result.text[#result.text + 1] = line
      end
    end
  end
  return result
end

-- The type at the beginning of a text, which may have blanks in brackets and after
-- "|" or ":", and the rest.
local function split_type(text)
  local depth, at = 0, 1
  while at <= #text do
    local c = text:sub(at, at)
    if c:find('[%(%[{<]') then depth = depth + 1 end
    if c:find('[%)%]}>]') then depth = depth - 1 end
    if c == ' ' and depth == 0 then
      local before, after = text:sub(at - 1, at - 1), text:match('^%s*(.)', at)
      if before ~= '|' and before ~= ':' and before ~= ',' and after ~= '|' then break end
    end
    at = at + 1
  end
  return text:sub(1, at - 1), (text:sub(at):gsub('^%s+', ''))
end

local function parameter(text)
  local name, rest = text:match('^(%S+)%s*(.*)$')
  local type_of, about = split_type(rest)
  return name, type_of, about
end

local function described(parts, first, type_of, about)
  local line = ('- `%s`'):format(first)
  if type_of ~= '' then line = line .. ' (`' .. type_of .. '`)' end
  parts[#parts + 1] = line .. (about ~= '' and ': ' .. about or '')
end

-- ---- writing the reference

local function add_text(out, lines)
  if #lines == 0 then return end
  out[#out + 1] = ''
  for _, line in ipairs(lines) do out[#out + 1] = line end
end

local function add_function(out, title, entry)
  local piece = pieces(entry.comment)
  out[#out + 1] = ''
  out[#out + 1] = '### `' .. title .. '`'
  add_text(out, piece.text)
  for _, other in ipairs(piece.see) do
    out[#out + 1] = ''
    out[#out + 1] = 'See `' .. other .. '`.'
  end
  local items = {}
  for _, text in ipairs(piece.params) do described(items, parameter(text)) end
  for _, text in ipairs(piece.returns) do
    local type_of, rest = split_type(text)
    local name, about = rest:match('^([%a_.][%w_.]*)%s*(.*)$')
    items[#items + 1] = '- returns ' .. (name and '`' .. name .. '` ' or '') .. '(`' .. type_of .. '`)'
      .. (name and about ~= '' and ': ' .. about or '')
  end
  for _, text in ipairs(piece.overloads) do items[#items + 1] = '- also `' .. text .. '`' end
  add_text(out, items)
end

local function add_class(out, class)
  local piece = pieces(class.comment)
  out[#out + 1] = ''
  out[#out + 1] = '### Class `' .. class.name .. '`' .. (class.parent and ', a `' .. class.parent .. '`' or '')
  add_text(out, piece.text)
  local items = {}
  for _, text in ipairs(piece.fields) do described(items, parameter(text)) end
  for _, text in ipairs(piece.events) do
    local signature, about = text:match('^([%w_%-]+%s*%b())%s*:?%s*(.*)$')
    if not signature then signature, about = text:match('^([^:]+):?%s*(.*)$') end
    items[#items + 1] = ('- event `%s`%s'):format(signature, about ~= '' and ': ' .. about or '')
  end
  add_text(out, items)
  for _, method in ipairs(class.methods) do
    local owner = class.name:match('[%w_]+$')
    add_function(out, owner .. method.separator .. method.name .. '(' .. (method.parameters or '...') .. ')', method)
  end
end

local function title_of(module_name, entry)
  local call = entry.value_type == 'function' and '(' .. entry.parameters .. ')' or ''
  return identifier(module_name) .. '.' .. entry.name .. call
end

local function reference(parsed)
  local out = {}
  for _, entry in ipairs(parsed.functions) do add_function(out, title_of(parsed.name, entry), entry) end
  for _, class in ipairs(parsed.class_list) do add_class(out, class) end
  if #parsed.plain > 0 then
    out[#out + 1] = ''
    out[#out + 1] = '### Other fields'
    local items = {}
    for _, field in ipairs(parsed.plain) do
      items[#items + 1] = ('- `%s.%s` (`%s`)%s'):format(identifier(parsed.name), field.name, field.type,
        field.same and ': the same as `' .. field.same .. '`' or '')
    end
    add_text(out, items)
  end
  return table.concat(out, '\n'):gsub('^\n', '')
end

-- ---- writing the annotations

local function annotations(parsed)
  local name = identifier(parsed.name)
  local out = { '---@meta ' .. parsed.name, '-- Generated from host/runtime by ./dev docs.', '' }
  for _, line in ipairs(parsed.intro) do out[#out + 1] = ('--- ' .. line):gsub('%s+$', '') end
  local function add_comment(comment)
    for _, line in ipairs(comment) do
      out[#out + 1] = (line:find('^@') and '---' .. line or '--- ' .. line):gsub('%s+$', '')
    end
  end
  out[#out + 1] = '---@class ' .. parsed.name .. '.module'
  out[#out + 1] = 'local ' .. name .. ' = {}'
  for _, class in ipairs(parsed.class_list) do
    out[#out + 1] = ''
    out[#out + 1] = '-- of ' .. class.file .. ', ' .. tostring(class.variable)
    add_comment(class.comment)
    local variable = 'class_' .. identifier(class.name)
    out[#out + 1] = 'local ' .. variable .. ' = {}'
    for _, method in ipairs(class.methods) do
      out[#out + 1] = ''
      add_comment(method.comment)
      out[#out + 1] = ('function %s%s%s(%s) end'):format(variable, method.separator, method.name,
        method.parameters or '...')
    end
    if parsed.exported[class.name] then
      out[#out + 1] = ''
      out[#out + 1] = ('%s.%s = %s'):format(name, parsed.exported[class.name], variable)
    end
  end
  for _, entry in ipairs(parsed.functions) do
    out[#out + 1] = ''
    add_comment(entry.comment)
    if entry.value_type == 'function' then
      out[#out + 1] = ('function %s.%s(%s) end'):format(name, entry.name, entry.parameters)
    else
      out[#out + 1] = ('%s.%s = nil'):format(name, entry.name)
    end
  end
  for _, field in ipairs(parsed.plain) do
    out[#out + 1] = ''
    out[#out + 1] = field.same and '--- The same as ' .. field.same .. '.' or '---@type ' .. field.type
    out[#out + 1] = ('%s.%s = %s'):format(name, field.name, 'nil')
  end
  out[#out + 1] = ''
  out[#out + 1] = 'return ' .. name
  return table.concat(out, '\n') .. '\n'
end

-- ---- holding the sources against the runtime

-- What stands for a function in the documentation, by its value.
local documented = {}

local function names_of(exports)
  local names = {}
  for key in pairs(exports) do
    if type(key) == 'string' and not key:find('^_') then names[#names + 1] = key end
  end
  table.sort(names)
  return names
end

-- A name of a module, which may be loaded only when it is asked for.
local function get(exports, name)
  local ok, value = pcall(function() return exports[name] end)
  if ok then return value end
  complain(tostring(value):match('^[^\n]*'))
  return nil
end

local function settle(parsed)
  local exports = require(parsed.name)
  parsed.exports, parsed.plain, parsed.exported = exports, {}, {}
  local kept = {}
  for _, entry in ipairs(parsed.functions) do
    local value = type(exports) == 'table' and get(exports, entry.name)
    if value ~= nil and value ~= false then
      entry.value_type = type(value) == 'function' and 'function' or type(value)
      if entry.value_type == 'function' and not entry.parameters then
        local names = {}
        for _, text in ipairs(pieces(entry.comment).params) do names[#names + 1] = text:match('^(%S-)%??%s') or text end
        entry.parameters = table.concat(names, ', ')
      end
      kept[#kept + 1] = entry
      if entry.value_type == 'function' then documented[value] = documented[value] or identifier(parsed.name) .. '.' .. entry.name end
    else
      parsed.by_function[entry.name] = nil
    end
  end
  parsed.functions = kept
  if type(exports) ~= 'table' then return end
  for _, class in ipairs(parsed.class_list) do
    local prefix, short = class.name:match('^(.-)%.?([%w_]+)$')
    local ours = prefix == '' or prefix == parsed.name
    if ours and type(get(exports, short)) == 'table' then
      parsed.exported[class.name] = short
    elseif class.file == parsed.name .. '.lua' and class.variable and type(get(exports, class.variable)) == 'table' then
      parsed.exported[class.name] = class.variable
    end
  end
end

-- Some modules have the methods of their class as functions, too.
local function method_named(parsed, name)
  for _, class in ipairs(parsed.class_list) do
    for _, method in ipairs(class.methods) do
      if method.name == name then return class.name .. ':' .. name end
    end
  end
end

local function add_plain(parsed)
  if type(parsed.exports) ~= 'table' then return end
  local classes = {}
  for _, short in pairs(parsed.exported) do classes[short] = true end
  for _, name in ipairs(names_of(parsed.exports)) do
    local private = PRIVATE_NAMES[parsed.name] and PRIVATE_NAMES[parsed.name][name]
    if not parsed.by_function[name] and not classes[name] and not private then
      local value = parsed.exports[name]
      local same = type(value) == 'function' and (documented[value] or method_named(parsed, name))
      if type(value) == 'function' and not same then
        complain('host/runtime/', parsed.name, '.lua: ', name, ' has no --- comment')
      end
      parsed.plain[#parsed.plain + 1] = { name = name, type = type(value), same = same or nil }
    end
  end
end

-- ---- files

local function put(path, text)
  local old = read(path)
  if old == text then return end
  if check then return complain(path:match('host/docs/.*') or path, ': not up to date: run ./dev docs') end
  local file = assert(io.open(path, 'wb'))
  file:write(text)
  file:close()
end

local MARK, END = '<!-- reference -->', '<!-- end -->'

local function fill(name, text)
  local path = here .. '/' .. name .. '.md'
  local page = read(path)
  if not page then return complain('host/docs/lua/', name, '.md: there is no page of the module') end
  local from, to = page:find(MARK, 1, true)
  if not from then return complain('host/docs/lua/', name, '.md: has no line ', MARK) end
  local _, stop = page:find(END, to, true)
  put(path, page:sub(1, to) .. '\n\n' .. text .. '\n\n' .. END .. (stop and page:sub(stop + 1) or '\n'))
end

-- The index of the modules, each with the first sentence of its source.
local function fill_index(modules)
  local lines = {}
  for _, parsed in ipairs(modules) do
    local intro = #parsed.intro > 0 and parsed.intro or parsed.class_list[1] and pieces(parsed.class_list[1].comment).text or {}
    local text = table.concat(intro, ' ')
    if text == '' then complain('host/runtime/', parsed.name, '.lua: does not begin with a --- comment') end
    local sentence = text:match('^(.-[.:])%s') or text
    lines[#lines + 1] = ('- [%s](%s.md): %s'):format(parsed.name, parsed.name, (sentence:gsub('[.:]$', '')))
  end
  local path = here .. '/README.md'
  local page = read(path)
  local _, from = page:find('<!-- modules -->', 1, true)
  put(path, page:sub(1, from) .. '\n\n' .. table.concat(lines, '\n') .. '\n\n' .. END .. '\n')
end

local modules = {}
for _, entry in ipairs(entries(runtime)) do
  local name = entry.name:match('^(.+)%.lua$')
  if name and not PRIVATE[name] then
    local parsed = parse(name, sources(name))
    modules[#modules + 1] = parsed
    settle(parsed)
  end
end
if not check then uv.fs_mkdir(here .. '/annotations', 493) end
local wanted = {}
for _, parsed in ipairs(modules) do
  add_plain(parsed)
  fill(parsed.name, reference(parsed))
  local file = parsed.name .. '.lua'
  wanted[file] = true
  put(here .. '/annotations/' .. file, annotations(parsed))
end
for _, entry in ipairs(entries(here .. '/annotations')) do
  if not wanted[entry.name] then
    if check then
      complain('host/docs/lua/annotations/', entry.name, ': there is no such module')
    else
      uv.fs_unlink(here .. '/annotations/' .. entry.name)
    end
  end
end

fill_index(modules)

for _, problem in ipairs(problems) do io.stderr:write(problem, '\n') end
if #problems > 0 and check then process:exit(1) end
