-- Calls that fail have been given much before they do; the collector does not see it.
-- expect: ok
local check = virgo.check { name = "hostile.failed_calls", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  local much = ("x"):rep(2 ^ 20)
  local numbers = "[" .. ("1,"):rep(50000) .. "1] x"
  for _ = 1, 30 do
    assert(not pcall(virgo.exec, { "/bin/true", stdin = much }))
    assert(not pcall(virgo.http.request, { url = "http://x/", body = much }))
    assert(not pcall(virgo.json.encode, { much, print }))
    assert(not virgo.json.decode(numbers))
  end
  run:emit("hostile.value", 1)
end
