-- Give the scribe's lease back.
-- KEYS    1 lease
-- ARGV    1 holder
-- RETURNS 1 when it was the holder's, else 0
-- INVARIANT nobody ends another's lease.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
