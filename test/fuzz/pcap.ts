/** What one side of the capture sent: a TCP stream cut into records, or datagrams. */
export interface Exchange {
  readonly call: Buffer;
  readonly reply: Buffer;
}

const PCAP_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const TCP = 6;
const UDP = 17;
const LAST_FRAGMENT = 0x8000_0000;
const CALL = 0;

interface Segment {
  /** `10.0.0.1:2049 10.0.0.2:700 tcp`: who sends to whom. */
  readonly flow: string;
  readonly toServer: boolean;
  readonly tcp: boolean;
  readonly sequence: number;
  readonly payload: Buffer;
}

/** The calls to a server in a capture (pcap, Ethernet, IPv4), each with its reply, in the order of the calls. */
export function exchangesOf(capture: Buffer, server: string): Exchange[] {
  const streams = new Map<string, { next: number | undefined; bytes: Buffer; fragments: Buffer[] }>();
  const calls = new Map<string, Buffer>();
  const replies = new Map<string, Buffer>();
  const take = ({ flow, toServer }: Segment, message: Buffer) => {
    const key = `${flow.split(' ').sort().join(' ')} ${message.readUInt32BE(0)}`;
    const isCall = message.readUInt32BE(4) === CALL;
    if (isCall === toServer) (toServer ? calls : replies).set(key, message);
  };
  for (const segment of segmentsOf(capture, server)) {
    if (!segment.tcp) {
      take(segment, segment.payload);
      continue;
    }
    const stream = streams.get(segment.flow) ?? { next: undefined, bytes: Buffer.alloc(0), fragments: [] };
    streams.set(segment.flow, stream);
    // A bridge neither loses nor reorders; what comes again was sent again.
    const known = stream.next === undefined ? 0 : (stream.next - segment.sequence) >>> 0;
    if (known >= segment.payload.length && known < 0x8000_0000 && known > 0) continue;
    stream.next = (segment.sequence + segment.payload.length) >>> 0;
    stream.bytes = Buffer.concat([stream.bytes, segment.payload]);
    while (stream.bytes.length >= 4) {
      const mark = stream.bytes.readUInt32BE(0);
      const length = mark & ~LAST_FRAGMENT;
      if (stream.bytes.length < 4 + length) break;
      stream.fragments.push(stream.bytes.subarray(4, 4 + length));
      stream.bytes = stream.bytes.subarray(4 + length);
      if ((mark & LAST_FRAGMENT) !== 0) take(segment, Buffer.concat(stream.fragments.splice(0)));
    }
  }
  return [...calls].flatMap(([key, call]) => {
    const reply = replies.get(key);
    return reply === undefined ? [] : { call, reply };
  });
}

function* segmentsOf(capture: Buffer, server: string): Generator<Segment> {
  for (let at = PCAP_HEADER; at + RECORD_HEADER <= capture.length; ) {
    const length = capture.readUInt32LE(at + 8);
    const frame = capture.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    at += RECORD_HEADER + length;
    if (frame.readUInt16BE(12) !== ETHERTYPE_IPV4) continue;
    const ip = frame.subarray(ETHERNET_HEADER);
    const packet = ip.subarray(0, ip.readUInt16BE(2));
    const header = (packet.readUInt8(0) & 0xf) * 4;
    const protocol = packet.readUInt8(9);
    if (protocol !== TCP && protocol !== UDP) continue;
    const [from, to] = [address(packet, 12), address(packet, 16)];
    if (from !== server && to !== server) continue;
    const inner = packet.subarray(header);
    const tcp = protocol === TCP;
    const payload = inner.subarray(tcp ? (inner.readUInt8(12) >> 4) * 4 : 8);
    if (payload.length === 0 || (!tcp && payload.length < 8)) continue;
    const flow = `${from}:${inner.readUInt16BE(0)} ${to}:${inner.readUInt16BE(2)} ${tcp ? 'tcp' : 'udp'}`;
    yield { flow, toServer: to === server, tcp, sequence: tcp ? inner.readUInt32BE(4) : 0, payload };
  }
}

function address(packet: Buffer, at: number): string {
  return [...packet.subarray(at, at + 4)].join('.');
}
