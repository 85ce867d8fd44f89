// The lint rules behind STYLE's words: what they forbid is explained where it is not obvious.
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const noAssertions = {
  selector: 'TSAsExpression[typeAnnotation.typeName.name!="const"]',
  message: 'Parse or narrow instead of asserting: `as const` is the only assertion allowed.',
};
const noNamedZod = {
  selector: "ImportDeclaration[source.value='zod'] ImportSpecifier",
  message: "Use import * as z from 'zod': the named import carries every locale (350 KiB).",
};
const noReExport = {
  selector: 'ExportAllDeclaration, ExportNamedDeclaration[source]',
  message: 'No barrels: import from the file that defines it.',
};
const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' };
const classesOnlyForErrors = {
  selector:
    'ClassDeclaration:not([superClass.name=/Error$/]):not([superClass.name="Construct"]):not([superClass.name="Stack"]):not([superClass.name="BaseSequencer"])',
  message: 'Classes only for errors (and for CDK and Vitest, which ask for them).',
};
const noUnverifiedWebhook = {
  selector: 'MemberExpression[property.name="constructEventWithoutVerification"]',
  message: 'A webhook is verified before it is read.',
};

export default tseslint.config(
  { ignores: ['**/node_modules/', '.build/', '.local/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: fileURLToPath(new URL('../..', import.meta.url)),
      },
    },
    rules: {
      'no-restricted-syntax': [
        'error',
        noAssertions,
        noNamedZod,
        noReExport,
        noDefaultExport,
        classesOnlyForErrors,
        noUnverifiedWebhook,
      ],
      'no-console': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Handlers and ports are async by contract even where one of them has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // Terminal programs and the local stack talk to a person.
    files: ['infra/local/**/*.ts', 'tests/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // Vitest reads its configuration from a default export.
    files: ['tests/vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
