-- For wrk: POSTs a JSON document of 1 KiB.
local row = '{"id":1234567,"name":"a record","tags":["one","two","three"],"value":0.25},'
wrk.method = 'POST'
wrk.body = '{"records":[' .. row:rep(13):sub(1, -2) .. ']}'
wrk.headers['Content-Type'] = 'application/json'
