/** What a reference of an image leaves open: `null`, nothing. A variable without a default is taken as a tag. */
export function looseTag(reference: string): string | null {
  const image = withDefaults(reference);
  if (image.includes('@')) return null;
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  if (colon < 0 && !name.includes('${')) return `has no tag (${image.slice(0, 80)})`;
  return name.slice(colon + 1) === 'latest' ? `has the tag latest (${image.slice(0, 80)})` : null;
}

/** Whether a reference names the image by its content. */
export function hasDigest(reference: string): boolean {
  return /@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(withDefaults(reference));
}

/** Variables with a default as they are where nobody sets them: `${TAG:-latest}`. */
function withDefaults(reference: string): string {
  return reference.slice(0, 1000).replace(/\$\{\w+:?-([^${}]*)\}/g, '$1');
}
