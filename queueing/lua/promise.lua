-- A caller who waits hangs up and is called instead.
--
-- KEYS    see prelude.lua
-- SHARED  promise
-- ARGV    4 contact; 5 gateway; 6 seq of its last event; 7 JSON of the promise; 8 JSON of what it asks
--         for, its gateway empty; 9 score; 10 JSON of the openings: [[ms, ms], ...]; 11 choice;
--         12 the end of the last one, as text; 13 who is asked first, or empty; 14 most attempts;
--         15 ms between two of them; 16 id of the event, or empty: the gateway, if it does not hear of the
--         promise, journals another with the same id and number, of which the scribe takes the first
-- RETURNS 1 when it is promised, by this very call; else 0
-- INVARIANT The place is what it was: who is called as soon as possible keeps the score. From here on
--           no process owns the contact, and PROMISED names at most one per caller. Run twice with one
--           seed it promises once.
local contact, gateway, seq = ARGV[4], ARGV[5], tonumber(ARGV[6])
local key = PROMISE .. contact
if call('HGET', key, 'run') == SEED then return 1 end
local held = call('HMGET', CONTACT .. contact, 'state', 'gateway', 'digest', 'arrived', 'since', 'lag')
if held[1] ~= 'queued' or held[2] ~= gateway or held[3] == '' then return 0 end
if tonumber(call('HGET', BURIED .. gateway, contact) or 0) > seq then return 0 end -- to be told first
local lag = held[6] or '0'
if call('HSETNX', PROMISED, held[3], contact) == 0 then return 0 end

call('HSET', key, 'run', SEED, 'record', ARGV[7], 'asks', ARGV[8], 'score', whole(ARGV[9] + lag),
  'lag', lag, 'openings', ARGV[10], 'asked', ARGV[13], 'most', ARGV[14], 'retry', ARGV[15],
  'digest', held[3], 'arrived', held[4], 'since', held[5], 'attempts', '0', 'seq', whole(seq + 1))
journal('CallbackPromised', contact, whole(seq + 1), { choice = ARGV[11], ['until'] = ARGV[12] },
  ARGV[16] ~= '' and ARGV[16] or nil)
stand(contact, NOW)
return 1
