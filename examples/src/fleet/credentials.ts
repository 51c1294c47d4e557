/** An inventory holds no secrets. This one opens a made-up fleet; for devices of your own set FLEET_PASSWORD. */
export const password = process.env.FLEET_PASSWORD ?? 'made-up'
