// The little that there is of an operating system.
(function (kernel, host) {
  'use strict';
  const os = {
    EOL: '\n', platform: () => 'wasi', type: () => 'WASI', arch: () => 'wasm32', release: () => '', hostname: () => 'sandbox',
    homedir: () => host.cwd(), tmpdir: () => '/tmp', endianness: () => 'LE', cpus: () => [], availableParallelism: () => 1,
    totalmem: () => 256 * 1024 * 1024, freemem: () => 256 * 1024 * 1024 - host.memory().rss, uptime: () => host.now() / 1000, loadavg: () => [0, 0, 0],
    userInfo: () => ({ username: 'sandbox', uid: -1, gid: -1, shell: null, homedir: host.cwd() }), networkInterfaces: () => ({}),
  };
  return { os };
});
