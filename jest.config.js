const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const sources = {
  // Sources name the compiled file, as Node demands of ES modules.
  '^(\\.{1,2}/.*)\\.js$': '$1',
  // What a user writes, in snippets and samples.
  '^nestjs-mesh$': '<rootDir>/lib/index.ts',
  '^nestjs-mesh/([a-z]+)$': '<rootDir>/lib/$1/index.ts',
};

// Nest 11 lives in a workspace of its own. Only what is installed there is mapped, so that Nest's probing for packages
// that are absent fails as it does for a user.
const nest11 = {
  '^@nestjs/(cache-manager|common|core|microservices|platform-express|terminus|testing)(/.*)?$':
    '<rootDir>/test/nest11/node_modules/@nestjs/$1$2',
  '^cache-manager$': '<rootDir>/test/nest11/node_modules/cache-manager',
};

/** @type {import('jest').Config} */
export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      moduleNameMapper: sources,
      testMatch: ['<rootDir>/test/{unit,wire,sim,fuzz}/**/*.spec.ts', '<rootDir>/test/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'net',
      globalSetup: '<rootDir>/tools/build-library.mjs',
      moduleNameMapper: sources,
      testMatch: ['<rootDir>/test/{e2e,attack}/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'chaos',
      globalSetup: '<rootDir>/tools/build-library.mjs',
      moduleNameMapper: sources,
      testMatch: ['<rootDir>/test/chaos/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'nest12',
      moduleNameMapper: sources,
      testMatch: ['<rootDir>/test/nest/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'nest11',
      moduleNameMapper: { ...sources, ...nest11 },
      testMatch: ['<rootDir>/test/nest/**/*.spec.ts'],
    },
  ],
};
