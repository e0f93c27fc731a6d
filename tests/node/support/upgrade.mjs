/** A WebSocket's opening handshake with any headers, of which only the answer matters. */
import { request } from 'node:http';

/**
 * @param {URL} url
 * @param {Record<string, string>} headers
 * @param {string} [method]
 * @returns {Promise<{ status: number | undefined, headers: import('node:http').IncomingHttpHeaders, body: string }>}
 */
export function upgrade(url, headers = {}, method = 'GET') {
  const handshake = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version': '13',
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { ...handshake, ...headers }, timeout: 20_000 });
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error(`no answer to ${url.pathname}`)));
    asked.on('response', (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers, body: '' });
    });
    asked.end();
  });
}
