-- Offer contacts to counselors: each pair is claimed together or not at all.
--
-- KEYS    see prelude.lua
-- ARGV    4 ms at which the leases end; then contact, counselor, contact, counselor, ...
-- RETURNS for each pair the offer's number, or '' when one of the two was no longer free
-- INVARIANT A contact has at most one offer and a counselor at most one contact. The claim, the
--           number, the lease, the journal's event and the gateway's inbox are one step.
local until_ms = ARGV[4]
local numbers = {}

local function claim(contact, counselor)
  local key = CONTACT .. contact
  local held = call('HMGET', key, 'state', 'gateway')
  if held[1] ~= 'queued' then return '' end
  if call('HGET', COUNSELOR .. counselor, 'state') ~= 'ready' then return '' end
  move(counselor, 'offered', 'offer', 'system', contact)
  local number = whole(call('INCR', OFFER_NUMBER))
  call('ZREM', WAITING, contact)
  call('ZADD', RINGING, until_ms, contact)
  call('HSET', key, 'state', 'offered', 'offer', number, 'counselor', counselor)
  call('RPUSH', INBOX .. held[2], cjson.encode({
    kind = 'made', offer = number, contact = contact, counselor = counselor, expires = until_ms,
  }))
  return number
end

for i = 5, #ARGV, 2 do
  numbers[#numbers + 1] = claim(ARGV[i], ARGV[i + 1])
end
return numbers
