-- Put a contact in line, or change what it asks for.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, line, promise
-- ARGV    4 contact; 5 gateway; 6 score; 7 JSON of what it asks for; 8 ms of wrap-up;
--         9 state after it; 10 ms at which the gateway's lease ends; 11 digest of the caller's number,
--         or empty; 12 ms of its arrival; 13 the same instant as it stands in the JSON; 14 who is asked
--         before the one who last took the caller, or empty; 15 '1' while a phone rings for it.
--         A request has a score and an arrival of its own, and the digest of the caller
-- RETURNS nothing, or the place of an earlier visit that it has now: {instant in JSON, because}
-- INVARIANT The place depends on the score alone, which grows with the arrival: one earlier by n ms
--           is smaller by n. Arrivals are counted by the queue's own time: whoever comes after the
--           clock was set back comes after those who came before. Whoever was promised a callback and
--           calls again has the place of that, and the promise is no more. A kept place is taken
--           once, and never by the contact that left it; whoever did not hear that it was taken is
--           told again. A gateway that says so of a contact that is talking here knows better: it
--           lost the counselor while Redis was away. Unless a phone rang for it when it said so: then
--           the counselor has picked up since.
local contact, gateway, score, asks = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local digest, arrived, since, asked = ARGV[11], ARGV[12], ARGV[13], ARGV[14]
local key = CONTACT .. contact
local held = call('HMGET', key, 'state', 'counselor', 'lag', 'arrived', 'since', 'because')
local lag = tonumber(held[3]) or lag_of(arrived)

-- The earlier place that this contact may have: ms, JSON text, because, lag; nil without one.
local function earlier()
  if held[6] then return held[4], held[5], held[6], lag end
  if held[1] or digest == '' or requested_for(contact) then return nil end
  local other = call('HGET', PROMISED, digest)
  if other then
    local promise = call('HMGET', PROMISE .. other, 'arrived', 'since', 'lag')
    dissolve(other, 'called_again', 'caller')
    return promise[1], promise[2], 'callback', tonumber(promise[3] or 0)
  end
  local place = call('HMGET', PLACE .. digest, 'arrived', 'since', 'because', 'contact', 'until', 'lag')
  if not place[1] then return nil end
  local its_lag = tonumber(place[6] or 0)
  local gone = place[4] == contact or tonumber(place[5]) < NOW
  if gone or place[1] + its_lag < arrived + lag then call('DEL', PLACE .. digest) end
  if gone then return nil end
  return place[1], place[2], place[3], its_lag
end

if promised(contact) then -- nobody heard the promise: the caller is on the line
  end_promise(contact)
  call('HDEL', key, 'promised')
end
local earlier_ms, earlier_text, because, earlier_lag = earlier()
local answer = {}
local is_told = earlier_ms == arrived
if earlier_ms and not is_told and (held[6] or earlier_ms + earlier_lag < arrived + lag) then
  local first, last = string.find(asks, '"arrived_at":' .. since, 1, true)
  asks = string.sub(asks, 1, first - 1) .. '"arrived_at":' .. earlier_text .. string.sub(asks, last + 1)
  score = score - (arrived - earlier_ms)
  arrived, since, lag = earlier_ms, earlier_text, earlier_lag
  call('HSET', key, 'because', because)
  answer = { since, because }
end

-- Who last took the caller is the very one who requests somebody else.
local sticky = asked
if sticky == '' and digest ~= '' and not requested_for(contact) then
  sticky = call('GET', SERVED .. digest) or ''
end
call('HDEL', key, 'withdrawals')
put_down(contact, gateway, ARGV[10], {
  score = score, lag = lag, asks = asks, digest = digest, arrived = arrived, since = since,
  sticky = sticky,
})
if held[1] == 'offered' then return answer end
if held[1] == 'talking' then
  if ARGV[15] == '1' then return answer end
  end_call(held[2], 'call_ended', 'system', contact, tonumber(ARGV[8]), ARGV[9])
end
back_in_line(contact)
return answer
