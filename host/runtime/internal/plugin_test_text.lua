-- Values as a plugin's tests show them. Not for programs.
local text = {}

function text.quoted(value)
  return (('%q'):format(value):gsub('\\\n', '\\n'):gsub('\\13', '\\r'):gsub('\r', '\\r')
    :gsub('%z', '\\0'))
end

function text.show(value)
  if type(value) == 'string' then return text.quoted(value) end
  if type(value) ~= 'table' then return tostring(value) end
  return (require('pretty-print').dump(value, nil, true):gsub('%s+', ' '))
end

return text
