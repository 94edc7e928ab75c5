-- A counselor, or somebody for them, asks for another state.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, line
-- ARGV    4 counselor; 5 wanted: ready, not_ready or offline; 6 reason; 7 by
-- RETURNS the state that holds now; 'unknown' without such a counselor; 'refused' where the table
--         has no such transition
-- INVARIANT Talking is never cut short: the wish is kept for the end of wrap-up. Whoever stops
--           being offered leaves the contact in its place and the phone is told to stop. Asking
--           for what is so already changes nothing, but for a new reason of being not ready. Who
--           asks for ready in person has missed nothing so far.
local counselor, wanted, reason, by = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = COUNSELOR .. counselor
local held = call('HMGET', key, 'state', 'reason', 'contact')
local state = held[1]
if not state then return 'unknown' end

local occasion = 'asked_' .. wanted
local after = TRANSITIONS[state][occasion]
if not after then return 'refused' end
if wanted == 'ready' and (by == 'counselor' or by == counselor) then call('HDEL', key, 'misses') end
if state == 'talking' then
  call('HSET', key, 'wish', wanted, 'wish_reason', reason, 'wish_by', by)
  return state
end
if after == state and not (state == 'not_ready' and held[2] ~= reason) then return state end
if state == 'offered' then
  tell_withdrawn(held[3])
  back_in_line(held[3])
end
call('HDEL', key, 'wish', 'wish_reason', 'wish_by')
return move(counselor, occasion, reason, by, nil)
