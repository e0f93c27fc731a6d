// Reads bodies of answers up to a limit: an endless answer must not fill the isolate's memory.

// The text of a stream; undefined if it is longer than `most` bytes. Then the rest is not read.
export async function readText(stream, most) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > most) {
      // Not awaited: a peer that continues to send may never react.
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
