"""The telephone itself: SIP dialogs, what each hears, and the tracks of what each says.

Owns pjsua2: no other package imports it, and none of its types leaves this one. May import the
vocabulary of `hotline` (ids, events, call, ports, errors, clock). Must never touch Redis, a
database or the contact machine, and must never log a caller's number or a digit.

`Endpoint` implements `ports.Telephone`, `ports.Audio` and `ports.Tracks`, and reports to one
`ports.LegListener`. Everything happens inside `Endpoint.poll()`, on the thread that calls it: the
engine has no worker thread for signalling, and every event is handed over at the end of a poll,
never from inside a command. Only media (RTP, mixing, WAV files) runs on threads of the C library.

`python -m hotline.sip.softphone` is a real user agent, for tests and the demo; `SoftphoneClient`
drives it.
"""
