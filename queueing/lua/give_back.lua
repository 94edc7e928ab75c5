-- The offer came to nothing.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, line, promise
-- ARGV    4 contact; 5 counselor; 6 offer; 7 outcome: missed, declined, unreachable or withdrawn;
--         8 how many missed in a row make not ready
-- RETURNS 1 when it was still ours to give back, else 0
-- INVARIANT The contact has its original place; the counselor is not ready for the reason, or
--           ready in the old place when the offer was withdrawn, or ready behind the others when it
--           was missed and that is not yet too often. Said twice it is still 1. The contact
--           remembers who was asked in vain, for as long as it waits.
--           An owner that withdraws a contact again and again does not have it in line any more:
--           it is forgotten, lest counselors are claimed in circles (but for a callback, which nobody
--           would say anew); should it wait
--           all the same, its owner finds position 0 and says so anew.
local contact, counselor, offer, outcome = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = CONTACT .. contact
local MOST_WITHDRAWALS = 3

if call('HGET', key, 'given_back') == offer then return 1 end
if serving(contact, counselor, offer) ~= 'offered' then return 0 end
if outcome == 'missed' then
  missed(counselor, tonumber(ARGV[8]))
else
  move(counselor, outcome, outcome, outcome == 'declined' and 'counselor' or 'system', nil)
end
if outcome ~= 'withdrawn' then note_tried(contact, counselor) end
back_in_line(contact)
call('HSET', key, 'given_back', offer)
if outcome == 'withdrawn' and not promised(contact)
    and call('HINCRBY', key, 'withdrawals', 1) >= MOST_WITHDRAWALS then
  forget(contact)
end
return 1
