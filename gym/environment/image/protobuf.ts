/** Fields of one message in the order of the wire; `bytes` is null where the field is a number. */
export type Fields = readonly { readonly number: number; readonly bytes: Uint8Array | null }[];

/** Splits a protobuf message into its fields without knowing its schema. Source: protobuf.dev, "Encoding". A torn end is left out. */
export function readMessages(bytes: Uint8Array): Fields {
  const fields: { number: number; bytes: Uint8Array | null }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at] ?? 0;
      at += 1;
      // Not by shifts: they would cut at 32 bits.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wireType = key % 8;
    if (wireType === 2) {
      const length = varint();
      if (at + length > bytes.length) break;
      fields.push({ number, bytes: bytes.subarray(at, at + length) });
      at += length;
    } else if (wireType === 0) {
      varint();
      fields.push({ number, bytes: null });
    } else if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4;
      fields.push({ number, bytes: null });
    } else break;
  }
  return fields;
}

/** All values of a text field. */
export function fieldTexts(fields: Fields, number: number): readonly string[] {
  return fields.flatMap((field) =>
    field.number === number && field.bytes !== null ? [new TextDecoder().decode(field.bytes)] : [],
  );
}
