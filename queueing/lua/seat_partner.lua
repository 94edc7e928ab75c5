-- A partner takes only so many of our callers at once, whichever gateway sends them.
--
-- KEYS    see prelude.lua
-- SHARED  nothing
-- ARGV    4 partner; 5 contact, or empty to count only; 6 the gateway that sends it; 7 how many at most
-- RETURNS 1 when the contact has a seat there now, else 0; how many have one
-- INVARIANT Never more than so many have a seat. A seat is its contact's: asked for twice it is one,
--           and it is free again as soon as no living gateway carries the contact.
local key, contact, gateway, most = PARTNER .. ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local seats, taken = call('HGETALL', key), 0

for i = 1, #seats, 2 do
  local seated, owner = seats[i], seats[i + 1]
  if call('ZSCORE', GATEWAYS, owner) and call('HEXISTS', CARRIED .. owner, seated) == 1 then
    taken = taken + 1
  else
    call('HDEL', key, seated)
  end
end
if contact == '' then return { 0, taken } end
if call('HEXISTS', key, contact) == 1 then return { 1, taken } end
if taken >= most then return { 0, taken } end
call('HSET', key, contact, gateway)
return { 1, taken + 1 }
