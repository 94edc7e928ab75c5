-- Those who wait and are not being offered.
--
-- KEYS    see prelude.lua
-- ARGV    4 place of the first, from 0; 5 place of the last, -1 for all
-- RETURNS JSON: a list of what each asks for, in order; '' when nobody is there
-- INVARIANT Changes nothing.
local STEP = 1000 -- more arguments at once would not fit on Lua's stack
local line = call('ZRANGE', WAITING, ARGV[4], ARGV[5])
local asked = {}
for first = 1, #line, STEP do
  local last = math.min(first + STEP - 1, #line)
  for _, text in ipairs(call('HMGET', CONTACTS, unpack(line, first, last))) do
    if text then asked[#asked + 1] = text end
  end
end
if #asked == 0 then return '' end
return cjson.encode(asked)
