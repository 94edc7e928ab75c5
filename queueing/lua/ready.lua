-- Who can take a contact now.
--
-- KEYS    see prelude.lua
-- ARGV    none of its own
-- RETURNS JSON: a list of [profile, ms since when idle], the longest idle first; '' for nobody
-- INVARIANT Changes nothing. One text: a dispatcher that has to read hundreds of replies is late.
local STEP = 1000 -- more arguments at once would not fit on Lua's stack
local idle = call('ZRANGE', READY, 0, -1, 'WITHSCORES')
local found = {}
for first = 1, #idle, 2 * STEP do
  local names = {}
  for i = first, math.min(first + 2 * STEP - 1, #idle), 2 do names[#names + 1] = idle[i] end
  for i, profile in ipairs(call('HMGET', PROFILES, unpack(names))) do
    if profile then found[#found + 1] = { profile, idle[first + 2 * i - 1] } end
  end
end
if #found == 0 then return '' end
return cjson.encode(found)
