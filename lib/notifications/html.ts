/** Text that is safe to stand in HTML: what it came from may be anything. */
export interface Html {
  readonly html: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML with every value escaped, unless it is HTML itself. There is no way to put text in unescaped. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const rendered = values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return escape(String(value));
    return 'html' in value ? value.html : value.map((each) => each.html).join('');
  });
  return { html: parts.map((part, index) => part + (rendered[index] ?? '')).join('') };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
