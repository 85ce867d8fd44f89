import { startStack } from '#infra/local/stack';

/** A stack in a process of its own, to be killed: the templates and the data directory are its arguments. */
const [, , templates, dataDir] = process.argv;
if (templates === undefined || dataDir === undefined)
  throw new TypeError('Two folders are needed.');
const { url } = await startStack({
  port: 0,
  dataDir,
  templates,
  log: (line) => console.error(line),
});
console.log(url);
