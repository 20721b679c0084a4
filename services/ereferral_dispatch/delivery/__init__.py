"""The engine of attempts: claiming, point of no return, recording, sweeping."""
