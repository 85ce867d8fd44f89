// The options are in infra/bundle/build-functions.ts, because `npm start` and `cdk deploy` build by the same code.
import { buildFunctions } from '#infra/bundle/build-functions';

const bundles = await buildFunctions({ sourcemap: process.argv.includes('--sourcemap') });
for (const { name, bytes } of bundles) {
  process.stdout.write(`${name.padEnd(20)} ${(bytes / 1024).toFixed(0).padStart(5)} KiB\n`);
}
