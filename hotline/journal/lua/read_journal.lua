-- Read the journal stream as the one active scribe.
-- KEYS    1 lease, 2 stream
-- ARGV    1 holder, 2 lease in ms, 3 group, 4 consumer, 5 count, 6 '>' for new entries, '0' for pending
-- RETURNS the entries ({id, {field, value, ...}}, ...), or nil when the lease is not the holder's
-- INVARIANT whoever has lost the lease can no longer take entries off the stream: a scribe that was
--         stopped for longer than its lease would else hide entries from the one that took over.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return nil
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local answer = redis.call(
  'XREADGROUP', 'GROUP', ARGV[3], ARGV[4], 'COUNT', ARGV[5], 'STREAMS', KEYS[2], ARGV[6])
if not answer then
  return {}
end
return answer[1][2]
