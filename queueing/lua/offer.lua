-- Offer contacts to counselors: each pair is claimed together or not at all.
--
-- KEYS    see prelude.lua
-- SHARED  counselor
-- ARGV    4 ms at which the leases end; 5 version of the plan; 6 ms for which is remembered who took
--         the caller; 7 the gateway that claims, and owns the callbacks among them from here on; then
--         contact, counselor, step, '1' when sticky else '0', the steps that are open for the contact
--         (queueing.routing.opened), contact, ...
-- RETURNS for each pair the offer's number, or '' when one of the two was no longer free
-- INVARIANT What was open for a contact is kept with it, should the offer come to nothing. A contact
--           has at most one offer and a counselor at most one contact. The claim, the number, the
--           lease, the journal's event and the gateway's inbox are one step.
local until_ms, plan, remembered, claimer = ARGV[4], quoted(ARGV[5]), ARGV[6], ARGV[7]
local numbers = {}

local function claim(contact, counselor, step, sticky, opened)
  local key = CONTACT .. contact
  local held = call('HMGET', key, 'state', 'gateway', 'promised')
  if held[1] ~= 'queued' then return '' end
  local owner, promise = held[2], held[3] and PROMISE .. contact
  local known = promise and call('HMGET', promise, 'record', 'seq', 'attempts')
  if known and not known[1] then -- the promise is over: a contact like any other
    call('HDEL', key, 'promised')
    known = nil
  end
  if owner == '' and not (known and call('ZSCORE', GATEWAYS, claimer)) then return '' end
  if not move(counselor, 'offered', 'offer', 'system', contact) then return '' end -- not ready
  local number = whole(call('INCR', OFFER_NUMBER))
  call('ZREM', WAITING, contact)
  call('ZADD', RINGING, until_ms, contact)
  call('HSET', key, 'state', 'offered', 'offer', number, 'counselor', counselor,
    'remember', remembered, 'opened', opened)
  local callback = ''
  if known then
    callback = string.format(',"callback":{"promise":%s,"seq":%s,"attempts":%s}', unpack(known))
    if owner == '' then
      owner = claimer
      call('HSET', key, 'gateway', owner, 'touched', whole(NOW))
      call('HSET', CARRIED .. owner, contact, known[2])
    end
  end
  call('RPUSH', INBOX .. owner, string.format(
    '{"kind":"made","offer":"%s","contact":%s,"counselor":%s,"expires":"%s","plan":%s,'
      .. '"step":"%s","sticky":"%s"%s}',
    number, quoted(contact), quoted(counselor), until_ms, plan, step, sticky, callback))
  return number
end

for i = 8, #ARGV, 5 do
  numbers[#numbers + 1] = claim(unpack(ARGV, i, i + 4))
end
return numbers
