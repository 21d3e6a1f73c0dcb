"""One run: prepare, plan, batches, workers, report. Nothing here imports Prefect. Above recipes."""
