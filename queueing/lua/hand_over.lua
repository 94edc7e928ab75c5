-- One of two counselors leaves the conversation, and the other goes on with the caller.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, talk, line, promise
-- ARGV    4 contact; 5 counselor who leaves; 6 offer of theirs; 7 request; 8 counselor who stays;
--         9 offer of theirs; 10 ms of wrap-up; 11 state after it
-- RETURNS 1 when the contact is with the one who stays, else 0
-- INVARIANT The one who leaves is in wrap-up (or past it); the contact names the one who stays, by
--           the offer that was made for the request, and the request is gone: neither was in line
--           for a moment. Said twice it is still 1. Calls whose answer never reached us were
--           calls all the same. If the request is not known here the contact goes too, for nothing
--           here tells who serves it.
local contact, leaver, offer = ARGV[4], ARGV[5], ARGV[6]
local request, stayer, stays_by = ARGV[7], ARGV[8], ARGV[9]
if promised(contact) then end_promise(contact) end -- a Redis that lost that the two talked
local with_leaver = serving(contact, leaver, offer)
local with_stayer = serving(request, stayer, stays_by)
if not with_leaver then
  return serving(contact, stayer, stays_by) and 1 or 0
end
if with_leaver == 'offered' then answered(contact, leaver, 'answered', 'counselor') end
if with_stayer == 'offered' then answered(request, stayer, 'answered', 'counselor') end
end_call(leaver, 'call_ended', 'system', contact, tonumber(ARGV[10]), ARGV[11])
if not with_stayer then
  forget(contact)
  return 0
end
call('ZREM', RINGING, contact)
call('HSET', CONTACT .. contact, 'state', 'talking', 'counselor', stayer, 'offer', stays_by)
call('HSET', COUNSELOR .. stayer, 'contact', contact)
forget(request)
return 1
