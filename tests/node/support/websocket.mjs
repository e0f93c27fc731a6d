/**
 * The server's side of a WebSocket (RFC 6455), as much as the fakes of the tests need: text frames,
 * from the client up to 64 KiB. Node has no server of its own.
 */
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const CLOSE = Buffer.from([0x88, 0]);

/**
 * Answers an upgrade, and accepts the subprotocol that the client offers.
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:stream').Duplex} socket
 * @param {{ onText: (text: string) => void, onClose: () => void }} listener  `onClose` may be called more than once
 */
export function accept({ headers }, socket, { onText, onClose }) {
  const key = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  const protocol = headers['sec-websocket-protocol'];
  const chosen = protocol ? `sec-websocket-protocol: ${protocol}\r\n` : '';
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${key}\r\n${chosen}\r\n`);
  socket.on('close', onClose).on('error', onClose);
  // A client that was killed sends no close frame, and Node keeps our half open.
  socket.on('end', () => {
    onClose();
    socket.end();
  });
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = unmask(pending); frame; frame = unmask(pending)) {
      pending = pending.subarray(frame.length);
      if (frame.opcode === 8) {
        onClose();
        socket.end(CLOSE);
      }
      if (frame.opcode === 1) onText(frame.text);
    }
  });
}

/** A text frame of a server. @param {string} text */
export function framed(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  if (body.length < 126) head[1] = body.length;
  else if (body.length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(body.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  return Buffer.concat([head, body]);
}

/** The first frame of a client, if it is complete. @param {Buffer} bytes */
function unmask(bytes) {
  if (bytes.length < 6) return null;
  const short = bytes.readUInt8(1) & 127;
  if (short === 127) throw new Error('a frame of more than 64 KiB');
  const maskAt = short === 126 ? 4 : 2;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  const length = maskAt + 4 + size;
  if (bytes.length < length) return null;
  const mask = bytes.subarray(maskAt, maskAt + 4);
  const text = Buffer.from(bytes.subarray(maskAt + 4, length)).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return { opcode: bytes.readUInt8(0) & 15, text: Buffer.from(text).toString(), length };
}
