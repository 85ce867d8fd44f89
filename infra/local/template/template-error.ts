/** The synthesized template asks for something that this machine cannot do, or is itself wrong. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
