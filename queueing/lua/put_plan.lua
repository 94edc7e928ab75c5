-- Put a routing plan in force.
--
-- KEYS    see prelude.lua
-- SHARED  nothing
-- ARGV    4 version; 5 text; 6 by; 7 '1': only when there is none
-- RETURNS 1 when it is in force now by this call, 0 when this version was already, or, with 7, another
-- INVARIANT PLAN, CHANGES and JOURNAL agree: a plan that is put is told to every picture and
--           journalled with the next number, one that is not changes nothing. Run twice for one
--           call (the first answer was lost), it says 1 again and does nothing more.
local version, text, by, only_first = ARGV[4], ARGV[5], ARGV[6], ARGV[7] == '1'
local held = call('HMGET', PLAN, 'version', 'run')
if held[2] == SEED then return 1 end
if held[1] == version or (only_first and held[1]) then return 0 end

call('HSET', PLAN, 'version', version, 'text', text, 'by', by, 'at', AT, 'run', SEED)
changed('op', 'plan', 'version', version)
journal('RoutingPlanChanged', 'plan', call('HINCRBY', PLAN, 'seq', 1), {
  version = version, by = by, text = text,
})
return 1
