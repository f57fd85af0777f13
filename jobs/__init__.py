"""Work off the request: one file per queue. Ids in, one service call, done."""
