-- Writes the same long text a thousand times.
-- expect: failed json: the text would have more than
local check = virgo.check {
  name = "hostile.json_of_one_text",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local text, list = ("x"):rep(2 ^ 20), {}
  for i = 1, 1000 do list[i] = text end
  virgo.json.encode(list)
end
