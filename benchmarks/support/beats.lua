-- What wrk sends: beats of each session in turn, or the same empty object again and again.
-- Arguments: the path, the User-Agent, and a file with a token and the nonces of its beats a line (none for
-- the empty object). A page reads each nonce in the answer before; here they are known beforehand.
local head, bodies, nonces, at, seq, tried, lengths
local width = 16
local tail = ',"position_ms":1000,"state":"playing","nonce":"'

function init(args)
  head = "POST " .. args[1] .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: " .. args[2]
    .. "\r\nContent-Type: application/json\r\nContent-Length: "
  at, seq, tried, lengths = 0, 1, false, {}
  if args[3] then
    bodies, nonces = {}, {}
    for line in io.lines(args[3]) do
      local token, listed = line:match("(%S+) (%S+)")
      bodies[#bodies + 1] = '{"token":"' .. token .. '","seq":'
      nonces[#nonces + 1] = listed
    end
  end
end

function request()
  if not bodies then
    return head .. "2\r\n\r\n{}"
  end
  if tried then
    at = at + 1
    if at > #bodies then
      at, seq = 1, seq + 1
    end
  end
  tried = true -- wrk asks once without sending
  local who = at == 0 and 1 or at
  local nonce = nonces[who]:sub((seq - 1) * width + 1, seq * width)
  local body, digits = bodies[who], tostring(seq)
  local length = #body + #digits + #tail + #nonce + 2
  local begun = lengths[length]
  if not begun then
    begun = head .. length .. "\r\n\r\n"
    lengths[length] = begun
  end
  return begun .. body .. digits .. tail .. nonce .. '"}'
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
