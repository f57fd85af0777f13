const { withMercur } = require("@mercurjs/core");

module.exports = withMercur({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: { jwtSecret: "a-key-for-measurements", cookieSecret: "a-key-for-measurements" },
  },
});
