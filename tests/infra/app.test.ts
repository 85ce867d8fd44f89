import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stageNamed } from '#infra/stage';

// Builds and synthesizes for real, beside whatever else the machine does.
const SLOW_MS = 180_000;

test(
  'the CDK command line gets the two stacks of the stage it asks for, without network or account',
  () => {
    const outdir = mkdtempSync(join(tmpdir(), 'app-'));
    onTestFinished(() => rmSync(outdir, { recursive: true }));
    execFileSync(process.execPath, ['infra/app.ts'], {
      // As `cdk synth -c stage=local` starts it, on a machine that knows nothing of AWS.
      env: { CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify({ stage: 'local' }) },
    });
    expect(readdirSync(outdir).filter((file) => file.endsWith('.template.json'))).toEqual([
      'credit-ledger-local-service.template.json',
      'credit-ledger-local-table.template.json',
    ]);
  },
  SLOW_MS,
);

test('an unknown stage is refused by name, with the known ones', () => {
  expect(() => stageNamed('produktion')).toThrow('stage produktion is one of dev, local, prod');
});
