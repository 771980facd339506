module.exports = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      process.env.SWC_JEST,
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
};
