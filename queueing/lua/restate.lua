-- The gateway that owns a contact says again under which offer a phone rings for it, or it talks.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, talk, line, gateways, promise
-- ARGV    4 contact; 5 counselor; 6 offer; 7 what is so: offered or talking; 8 gateway; 9 score;
--         10 JSON of what it asks for; 11 digest of the caller's number, or empty; 12 ms of its arrival;
--         13 the same instant as it stands in the JSON; 14 ms at which the gateway's lease ends; 15 ms
--         at which the offer's lease ends; 16 ms of wrap-up; 17 state after it
-- RETURNS 'known' when that is so here; 'mended' when it is so from now on; 'refused' when it cannot
--         be: a newer offer holds one of the two, the counselor is unknown, or, of a phone that
--         rings, is not ready
-- INVARIANT A step under a newer offer is never undone: of two claims to a contact or a counselor the
--           one with the higher number stands, of two with one number the one that is here.
--           What gives way is given up as if it had ended: the other contact has its place, the
--           other counselor is free or in wrap-up. Each change of a counselor that this makes is
--           journalled with the reason 'found_talking', 'found_ringing' or 'superseded'. What the
--           counselor asked for meanwhile comes true after the call. Said twice it is the same.
local contact, counselor, offer, wanted = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = CONTACT .. contact
local wrap_up, setting = tonumber(ARGV[16]), ARGV[17]

-- Whether `other`, a contact, is served under an offer that was made after ours, or under another of
-- the same number, which Redis had lost and gave again: else the two would take turns for ever.
local function is_newer(other)
  local number = call('HGET', CONTACT .. other, 'offer')
  return number and tonumber(number) >= tonumber(offer)
end

-- End what the queue believes that `someone` does for `other`, under an older offer.
local function give_up(someone, other)
  local state = call('HGET', CONTACT .. other, 'state')
  if state == 'offered' then
    tell_withdrawn(other)
    move(someone, 'withdrawn', 'superseded', 'system', nil)
  else
    end_call(someone, 'superseded', 'system', other, wrap_up, setting)
  end
  back_in_line(other)
end

local function serve(state)
  out_of_line(contact)
  call('HDEL', key, 'given_back')
  call('HSET', key, 'state', state, 'offer', offer, 'counselor', counselor)
  number_given(tonumber(offer))
end

if promised(contact) then -- the caller has taken the call (restated is what was reached alone)
  end_promise(contact)
  call('HDEL', key, 'promised')
end
local state = serving(contact, counselor, offer)
if state == 'talking' or state == wanted then return 'known' end
if state == 'offered' then
  call('ZREM', RINGING, contact)
  answered(contact, counselor, 'found_talking', 'system')
  call('HSET', key, 'state', 'talking')
  return 'mended'
end

local here = call('HMGET', key, 'state', 'counselor', 'sticky', 'lag')
local person = call('HMGET', COUNSELOR .. counselor, 'state', 'contact')
local is_served = here[1] == 'offered' or here[1] == 'talking'
local serves = person[1] == 'offered' or person[1] == 'talking'
if not person[1] then return 'refused' end
if is_served and is_newer(contact) or serves and is_newer(person[2]) then return 'refused' end
if is_served then give_up(here[2], contact) end
if serves and person[2] ~= contact then give_up(counselor, person[2]) end

put_down(contact, ARGV[8], ARGV[14], {
  score = ARGV[9], asks = ARGV[10], digest = ARGV[11], arrived = ARGV[12], since = ARGV[13],
  sticky = here[3] or '', lag = tonumber(here[4]) or lag_of(ARGV[12]),
})
if ARGV[11] ~= '' and call('HGET', PLACE .. ARGV[11], 'contact') == contact then
  call('DEL', PLACE .. ARGV[11]) -- it was kept for one who is still here
end
if wanted == 'talking' then
  if person[1] == 'not_ready' or person[1] == 'offline' then
    call('HSET', COUNSELOR .. counselor, 'wish', person[1], 'wish_by', 'system',
      'wish_reason', call('HGET', COUNSELOR .. counselor, 'reason'))
  end
  serve('talking')
  answered(contact, counselor, 'found_talking', 'system')
  return 'mended'
end
back_in_line(contact)
if not move(counselor, 'offered', 'found_ringing', 'system', contact) then return 'refused' end
call('ZREM', WAITING, contact) -- of which the move has told
serve('offered')
call('ZADD', RINGING, ARGV[15], contact)
return 'mended'
