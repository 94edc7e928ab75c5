-- Sweep: mend what waits for somebody who does not come any more.
--
-- KEYS    see prelude.lua
-- SHARED  counselor, line, promise, tail
-- ARGV    4 ms of a gateway's lease; 5 ms of an offer's lease; 6 ms between two sweeps beyond which
--         Redis, or everybody, was away; 7 ms of wrap-up; 8 state after it; 9 ms for which a place
--         is kept after a fault; 10 how many missed offers in a row make not ready
-- RETURNS what was done: {'away'} | {'lost', contact, gateway, seq, state, counselor} |
--         {'withdrawn', contact, counselor} | {'released', counselor} | {'returned', contact, gateway},
--         each as a list
-- INVARIANT Nobody stays offered or talking for a gateway that is dead, nor offered beyond the
--           lease, nor in wrap-up beyond the deadline. A contact that is lost gets its ContactFailed
--           in the journal here, once, whoever sweeps, and its place is kept; a request just
--           goes, its counselor freed; a callback is nobody's again, and comes and goes with its
--           caller's openings. After an absence, or a
--           clock that jumped, all leases begin anew, for nobody could renew them; a clock set
--           back lengthens no wrap-up.
local gateway_lease, offer_lease = tonumber(ARGV[4]), tonumber(ARGV[5])
local longest_gap, wrap_up, setting = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local place, misses = tonumber(ARGV[9]), tonumber(ARGV[10])
local done = {}

-- For so long a gateway that was given up may come back and hear of it, in ms.
local BURIED_KEPT = 3600000

-- A lease of 0 stays over: whoever set it knew that its holder is dead (heartbeat.lua).
local function renew(zset, lease)
  for _, member in ipairs(call('ZRANGEBYSCORE', zset, '(0', '+inf')) do
    call('ZADD', zset, whole(NOW + lease), member)
  end
end

-- A wrap-up that its owner lengthened may take as long as it said then (extend_wrap_up.lua).
local function shorten_wrap_ups()
  for _, counselor in ipairs(call('ZRANGEBYSCORE', WRAP_UPS, '(' .. whole(NOW + wrap_up), '+inf')) do
    local held = call('HMGET', COUNSELOR .. counselor, 'since', 'extended', 'extension')
    local allowed = held[1] and held[1] == held[2] and tonumber(held[3]) or wrap_up
    local latest = NOW + allowed
    if tonumber(call('ZSCORE', WRAP_UPS, counselor)) > latest then
      call('ZADD', WRAP_UPS, whole(latest), counselor)
    end
  end
end

local function past(zset)
  return call('ZRANGEBYSCORE', zset, '-inf', '(' .. whole(NOW))
end

local function bury(gateway)
  local carried = call('HGETALL', CARRIED .. gateway)
  local seqs = {}
  for i = 1, #carried, 2 do seqs[carried[i]] = tonumber(carried[i + 1]) end
  if #carried > 0 then read_tail(seqs) end
  for i = 1, #carried, 2 do
    local contact = carried[i]
    local held = call('HMGET', CONTACT .. contact, 'state', 'counselor', 'gateway')
    local seq = seqs[contact]
    if promised(contact) then
      if held[3] == gateway then -- else the promise was made as it died
        take_back(contact, seq or 0, 'gateway_lost')
        done[#done + 1] = { 'returned', contact, gateway }
      end
      seq = nil
    else
      keep_place(contact, 'fault', place)
      remove(contact, 'gateway_lost', 'system', wrap_up, setting)
    end
    if seq and not requested_for(contact) then
      journal('ContactFailed', contact, whole(seq + 1),
        { termination = { result = 'failed', reason = 'gateway_lost' } })
      call('HSET', BURIED .. gateway, contact, whole(seq + 1))
      done[#done + 1] = { 'lost', contact, gateway, whole(seq + 1), held[1] or '', held[2] or '' }
    end
  end
  call('DEL', CARRIED .. gateway, INBOX .. gateway, INBOX .. gateway .. TAKEN)
  call('ZREM', GATEWAYS, gateway)
  call('HDEL', BEATEN, gateway)
  call('PEXPIRE', BURIED .. gateway, BURIED_KEPT)
end

local swept = tonumber(call('GET', SWEPT)) -- nil the first time: nobody knows since when
call('SET', SWEPT, whole(NOW))
if not swept or math.abs(NOW - swept) > longest_gap then
  renew(GATEWAYS, gateway_lease)
  renew(RINGING, offer_lease)
  if swept then done[#done + 1] = { 'away' } end
end
shorten_wrap_ups()
ahead_of_hosts()

for _, gateway in ipairs(past(GATEWAYS)) do bury(gateway) end
for _, contact in ipairs(past(RINGING)) do
  local counselor = call('HGET', CONTACT .. contact, 'counselor')
  if counselor then
    tell_withdrawn(contact)
    missed(counselor, misses)
    back_in_line(contact)
    done[#done + 1] = { 'withdrawn', contact, counselor }
  else -- a trace of what is gone: it must not stop the sweep
    call('ZREM', RINGING, contact)
  end
end
for _, counselor in ipairs(past(WRAP_UPS)) do
  call('ZREM', WRAP_UPS, counselor) -- also of one who is not in wrap-up
  release(counselor, 'wrap_up_over', 'system', setting)
  done[#done + 1] = { 'released', counselor }
end
for _, contact in ipairs(past(LOOKS)) do
  local owner = call('HGET', CONTACT .. contact, 'gateway')
  if owner and owner ~= '' then -- somebody is at it, and lets it go in the end
    call('ZADD', LOOKS, whole(NOW + longest_gap), contact)
  else
    stand(contact, NOW)
  end
end
return done
