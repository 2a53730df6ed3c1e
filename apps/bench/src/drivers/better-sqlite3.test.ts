import { driverContract } from './contract.suite.ts'

await driverContract('better-sqlite3')
