-- Keep one field of a hash, or take it away, and say so in the journal: blocks, care plans, notices.
--
-- KEYS    see prelude.lua
-- SHARED  nothing
-- ARGV    4 key of the hash; 5 field; 6 what the field must hold for anything to happen, '*' for
--         whatever it holds; 7 its new value, '' to take it away; 8 type of the event; 9 subject;
--         10 data of the event, as JSON
-- RETURNS 1; 0 when nothing was changed: it holds that already, or something else than must be
-- INVARIANT There is no change without its event, and no event without a change.
local hash, field, expected, value = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local held = call('HGET', hash, field) or ''
if held == value or (expected ~= '*' and held ~= expected) then return 0 end
if value == '' then
  call('HDEL', hash, field)
else
  call('HSET', hash, field, value)
end
local subject = ARGV[9]
journal(ARGV[8], subject, call('HINCRBY', SEQS, subject, 1), cjson.decode(ARGV[10]))
return 1
