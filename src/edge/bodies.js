// Bodies of answers, read no further than they may be long: whoever answers without end must not
// fill the memory of all.

// The text of a stream, or undefined when it is longer than `most` bytes; then the rest is never
// read.
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
      // Not waited for: a peer that pours on may never hear of it.
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
