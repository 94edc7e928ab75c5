-- The end of the journal: a gateway's last events may be younger than its last heartbeat.
--
-- SHARED  nothing
local JOURNAL_TAIL = 5000
local ENDINGS = { CallerLeft = 1, CounselorLeft = 1, PartnerLeft = 1, MessageLeft = 1,
  ContactRefused = 1, ContactFailed = 1, CallbackGivenUp = 1, CallbackWithdrawn = 1 }

-- Raise `seqs` (contact -> last seq) to what the journal says; those that ended there become nil.
local function read_tail(seqs)
  for _, entry in ipairs(call('XREVRANGE', JOURNAL, '+', '-', 'COUNT', JOURNAL_TAIL)) do
    local event = {}
    for i = 1, #entry[2], 2 do event[entry[2][i]] = entry[2][i + 1] end
    local seq = seqs[event.subject]
    if seq and ENDINGS[event.type] then
      seqs[event.subject] = nil
    elseif seq then
      seqs[event.subject] = math.max(seq, tonumber(event.seq))
    end
  end
end
