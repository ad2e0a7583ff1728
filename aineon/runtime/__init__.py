"""Where AINEON is put together: settings, composition root, supervisor, doctor."""
