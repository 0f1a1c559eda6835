/* Sends what the test asks for on standard input, and prints what came. */
"use strict";
const nodemailer = require("nodemailer");

async function main() {
	const job = JSON.parse(require("fs").readFileSync(0, "utf8"));
	const transport = nodemailer.createTransport(job.transport);
	const results = [];

	for (const message of job.messages) {
		try {
			const info = await transport.sendMail(message);
			results.push({ accepted: info.accepted,
				rejected: info.rejected, response: info.response });
		} catch (error) {
			results.push({ error: error.response || String(error),
				code: error.responseCode });
		}
	}
	transport.close();
	console.log(JSON.stringify(results));
}

main();
