import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * `npm test`: the checks beside the tests, because lint is one long walk on one core while tests wait for a good part
 * of theirs. What the checks say is printed at the end, where it is seen. Arguments go to Vitest.
 */
const checks = runChecks();
const tests = await runTests(process.argv.slice(2));
const { code, said } = await checks;
process.stdout.write(code === 0 ? 'Types, lint and format: fine.\n' : said);
process.exitCode = code === 0 ? tests : code;

async function runChecks(): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn('npm', ['run', '--silent', 'check'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await exitOf(child);
  return { code, said: (await said).join('') };
}

async function runTests(options: readonly string[]): Promise<number> {
  const built = await exitOf(run(['build']));
  return built === 0 ? exitOf(run(['test:only', '--', ...options])) : built;
}

function run(script: readonly string[]) {
  return spawn('npm', ['run', '--silent', ...script], { stdio: 'inherit' });
}

function exitOf(child: ReturnType<typeof spawn>): Promise<number> {
  // Ended by a signal is a failure, too.
  return new Promise((done) => child.once('close', (code) => done(code ?? 1)));
}
