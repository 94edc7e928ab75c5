-- A counselor needs more time for the record.
--
-- KEYS    see prelude.lua
-- SHARED  nothing
-- ARGV    4 counselor; 5 ms more; 6 ms that a wrap-up may take in all; 7 by
-- RETURNS ms at which the wrap-up ends now; 'unknown' without such a counselor; 'refused' outside
--         wrap-up, and when it is as long as it may be
-- INVARIANT A wrap-up never ends sooner for this. The counselor's hash says how long it may take
--           from here (`extension`, of the wrap-up that began at `extended`), so that the sweep
--           does not take a longer wrap-up for a clock that was set back. Run twice with one seed,
--           it lengthens once.
local counselor, more, most, by = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local key = COUNSELOR .. counselor
local held = call('HMGET', key, 'state', 'since', 'extended_by')
if not held[1] then return 'unknown' end
if held[1] ~= 'wrap_up' then return 'refused' end

local since = tonumber(held[2])
local ends = tonumber(call('ZSCORE', WRAP_UPS, counselor))
if held[3] == SEED then return whole(ends) end
local later = math.min(ends + more, since + most)
if later <= ends then return 'refused' end
call('ZADD', WRAP_UPS, whole(later), counselor)
call('HSET', key, 'extended', held[2], 'extension', whole(later - NOW), 'extended_by', SEED)
journal('WrapUpExtended', counselor, call('HINCRBY', SEQS, counselor, 1),
  { seconds = (later - since) / 1000, by = by })
return whole(later)
