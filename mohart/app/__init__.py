"""The local page: videos in a folder, boxes drawn in a browser, tracking in child processes.

Nothing of it is imported unless `mohart app` runs; FastAPI and uvicorn are the extra `mohart[app]`.
"""
