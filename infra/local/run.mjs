/*
 * `node infra/local/run.mjs start|demo`. Plain JavaScript, so that a Node which cannot read TypeScript can still say
 * in one sentence what is wrong with it.
 */
const NODE_MIN = 24;
const [major] = process.versions.node.split('.');

if (Number(major) < NODE_MIN) {
  console.error(
    `Node ${process.versions.node} is too old: this needs Node ${NODE_MIN}, which "npm ci" installs and "npm start" uses.`,
  );
  process.exitCode = 1;
} else {
  const [program] = process.argv.splice(2, 1);
  await import(program === 'demo' ? './demo.ts' : './start.ts');
}
