"""What every address of the API uses: operations, bodies, paging, documentation."""
