"""Jobs promised in the database and rung through RQ: tasks, outbox leases, worker, ticker."""
