local test = require('./harness')

test('type is what the system says', function(t)
  local names = { Linux = 'linux', OSX = 'darwin', Windows = 'win32', BSD = 'bsd' }
  t:equal(require('los').type(), names[jit.os])
end)
